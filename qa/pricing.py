"""What a token costs: the site's own table, with its source and day, before LiteLLM's. Reads one file.

A model that nobody lists is charged as a dear one, so that a budget can't be overrun by a name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

MILLION = Decimal(1_000_000)

Price = tuple[Decimal, Decimal]  # USD for a token in, and for one out


@dataclass(frozen=True)
class PriceTable:
    """Prices of models by LiteLLM's names, and the servers on which every model is free."""

    source: str
    as_of: str
    models: Mapping[str, Price]
    free_providers: frozenset[str]
    unknown: Price

    def price_of(self, model: str, listed: Mapping[str, Mapping[str, Any]]) -> Price:
        """The price of a model: here, else as `listed` (LiteLLM's table), else that of an unknown one."""
        provider, _, name = model.partition("/")
        if model in self.models:
            return self.models[model]
        if provider in self.free_providers:
            return Decimal(0), Decimal(0)
        known = listed.get(model) or listed.get(name) or {}
        if "input_cost_per_token" not in known:
            return self.unknown
        return Decimal(str(known["input_cost_per_token"])), Decimal(
            str(known.get("output_cost_per_token", 0))
        )


@lru_cache(maxsize=4)
def read_prices(path: Path) -> PriceTable:
    """The table in a file like qa/data/prices.json. Raises ValueError, with the path, where it is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return PriceTable(
            source=data["source"],
            as_of=data["as_of"],
            models={model: _per_token(pair) for model, pair in data["models"].items()},
            free_providers=frozenset(data["free_providers"]),
            unknown=_per_token(data["unknown"]),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{path} is no table of prices: {error}") from error


def own_prices() -> PriceTable:
    """The table that this site uses."""
    return read_prices(settings.MODEL_PRICES)


def _per_token(pair: list[Any]) -> Price:
    tokens_in, tokens_out = (Decimal(str(one)) / MILLION for one in pair)
    if min(tokens_in, tokens_out) < 0:
        raise ValueError(f"a price below nothing: {pair}")
    return tokens_in, tokens_out
