"""What part of the rows somebody may see: regions and publishers, each with everything below it."""

from dataclasses import dataclass

SEPARATOR = " / "
KINDS = {"region": ("country", "region"), "publisher": ("publisher", "imprint")}


@dataclass(frozen=True)
class Scope:
    """Members are `Country` or `Country / Region`, and `Publisher` or `Publisher / Imprint`; an empty kind is not narrowed."""

    regions: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()

    def members(self, kind: str) -> tuple[str, ...]:
        """What a kind (`region` or `publisher`) is narrowed to."""
        return {"region": self.regions, "publisher": self.publishers}[kind]


EVERYTHING = Scope()
