"""Pure: what arXiv's OAI-PMH server calls the sets that people know by their categories."""

import re

# The groups that arXiv's server keeps under "physics".
PHYSICS = re.compile(
    r"astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph"
)


def full_set_spec(text: str) -> str:
    """A set's name as arXiv's server has it: quant-ph is physics:quant-ph, cs.LG is cs:cs:LG."""
    if not text or ":" in text:
        return text
    group, dot, subject = text.partition(".")
    if PHYSICS.fullmatch(group):
        return f"physics:{group}:{subject}" if dot else f"physics:{group}"
    return f"{group}:{group}:{subject}" if dot else group
