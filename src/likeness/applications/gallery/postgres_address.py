"""The address of a PostgreSQL database, and how it is shown: without a password."""

from urllib.parse import quote

from likeness.errors import LikenessError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as error:
    raise LikenessError(
        "A gallery at a postgresql:// address needs psycopg, which is not installed: pip install 'likeness[postgres]'."
    ) from error


def shown(address: str) -> str:
    """An address with its user, host, port and database alone.

    Raises:
        LikenessError: it is none; which part is wrong is not told, as it may be of a password.
    """
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(address).items()}
    except psycopg.Error:
        raise _wrong() from None
    user, host, port, database = (parts.get(key, "") for key in ("user", "host", "port", "dbname"))
    if not all(one.isdigit() for one in port.split(",") if one) or any(
        "@" in one for one in (host, database)
    ):
        raise _wrong()  # of a password that is not written as it must be, the rest is taken for these
    user = f"{quote(user)}@" if user else ""
    port = f":{port}" if port else ""
    if host.startswith("/"):  # the folder of a socket
        return f"postgresql://{user}{port}/{quote(database)}?host={quote(host)}"
    return f"postgresql://{user}{host}{port}/{quote(database)}"


def _wrong() -> LikenessError:
    return LikenessError(
        "The gallery's address can't be read: write it as postgresql://USER@HOST/DATABASE, with %40 for @ and %2F for "
        "/ in a password."
    )
