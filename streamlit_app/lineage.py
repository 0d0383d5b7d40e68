"""Where numbers come from, as a diagram and as rows. Names are those of our own tables, never a user's text."""

from api.client import LineageGraph

LAYERS = ("bronze", "silver", "gold", "warehouse")


def diagram(graph: LineageGraph) -> str:
    """The tables that facts are made of as a Mermaid diagram, layer by layer from left to right."""
    lines = ["flowchart LR"]
    names = [table["name"] for table in graph["tables"]]
    source = next((name.split(".")[0] for name in names if name.split(".")[0] not in LAYERS), "source")
    for layer in (source, *LAYERS):
        inside = [name for name in names if name.split(".")[0] == layer]
        lines += [f"subgraph {layer}", *(f'  {_node(name)}["{name.split(".")[1]}"]' for name in inside), "end"]
    lines += [f"{_node(edge['from'])} --> {_node(edge['to'])}" for edge in graph["edges"]]
    return "\n".join(lines)


def _node(name: str) -> str:
    return name.replace(".", "__")


def rows_of(graph: LineageGraph) -> list[dict[str, str]]:
    """An edge per row, with the grain of what is made."""
    grains = {table["name"]: table["grain"] for table in graph["tables"]}
    return [{"Table": edge["to"], "Made of": edge["from"], "One row is": grains[edge["to"]]} for edge in graph["edges"]]
