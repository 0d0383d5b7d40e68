"""Where a Redshift database is, how one signs in there, and a connection to it.

redshift://user@host:5439/database                  a password, from BOOKSALES_WAREHOUSE_PASSWORD
redshift+cluster://user@cluster.region/database     a provisioned cluster, credentials of the machine's IAM role
redshift+serverless://workgroup.region/database     a Serverless workgroup, credentials of the machine's IAM role
"""

import os
import re
from dataclasses import dataclass
from typing import Any

from warehouse.redshift.explaining import AddressError, explained

PASSWORD_VARIABLE = "BOOKSALES_WAREHOUSE_PASSWORD"  # noqa: S105 - the name of a variable
DEFAULT_PORT = 5439
LOOPBACK = ("127.0.0.1", "localhost")
FORMS = {
    "password": re.compile(r"redshift://(?P<user>[\w.-]+)@(?P<host>[\w.-]+)(:(?P<port>\d+))?/(?P<database>\w+)"),
    "cluster": re.compile(
        r"redshift\+cluster://(?P<user>[\w.-]+)@(?P<place>[a-z0-9-]+)\.(?P<region>[a-z0-9-]+)/(?P<database>\w+)"
    ),
    "serverless": re.compile(r"redshift\+serverless://(?P<place>[a-z0-9-]+)\.(?P<region>[a-z0-9-]+)/(?P<database>\w+)"),
}


@dataclass(frozen=True)
class Address:
    """A Redshift database; `form` is one of FORMS, `text` the address as it was given. It holds no secret."""

    form: str
    text: str
    database: str
    user: str = ""
    host: str = ""
    port: int = DEFAULT_PORT
    place: str = ""
    region: str = ""

    def arguments(self) -> dict[str, Any]:
        """What the driver is to be told. Credentials come from IAM, and it keeps them while they hold; TLS is verified in full."""
        told: dict[str, Any] = {"database": self.database, "application_name": "booksales"}
        if self.form == "password":
            told |= {"user": self.user, "host": self.host, "port": self.port}
            told |= {"password": os.environ.get(PASSWORD_VARIABLE, "")}
            if self.host in LOOPBACK:
                return {**told, "ssl": False}
        elif self.form == "cluster":
            told |= {"iam": True, "db_user": self.user, "cluster_identifier": self.place, "region": self.region}
        else:
            told |= {"iam": True, "is_serverless": True, "serverless_work_group": self.place, "region": self.region}
        return {**told, "sslmode": "verify-full"}


def parse_address(text: str) -> Address:
    """The address in a setting. Raises AddressError that shows the forms there are, and never what might be a password."""
    for form, pattern in FORMS.items():
        found = pattern.fullmatch(text)
        if found:
            parts = {name: value for name, value in found.groupdict().items() if value}
            port = int(parts.pop("port", DEFAULT_PORT))
            return Address(form, text, port=port, **parts)
    raise AddressError(
        "the address of the warehouse is none of redshift://user@host:5439/database, "
        "redshift+cluster://user@cluster.region/database and redshift+serverless://workgroup.region/database "
        f"(a password belongs into {PASSWORD_VARIABLE})"
    )


def connect(address: Address) -> Any:
    """A connection on which every statement is a transaction of its own until one begins. Raises WarehouseError."""
    import redshift_connector

    try:
        connection = redshift_connector.connect(**address.arguments())
    except Exception as error:
        raise explained(error, f"{address.text}: no connection") from error
    # The driver would otherwise begin a transaction of its own before the first statement, and a second time before `begin`.
    connection.autocommit = True
    return connection
