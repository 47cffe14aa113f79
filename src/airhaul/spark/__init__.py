"""Airtable as a data source of Apache Spark, which reads and writes: ``format("airtable")``.

from airhaul.spark import AirtableDataSource

spark.dataSource.register(AirtableDataSource)
deals = spark.read.format("airtable").option("bases", "app1,app2").option("table", "Deals").load()
totals.write.format("airtable").option("base", "app3").option("table", "Totals").option(
    "key", "Name"
).mode("append").save()
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airhaul.spark.source import AirtableDataSource

__all__ = ["AirtableDataSource"]


def __getattr__(name: str) -> Any:
    """Import the data source when it is first used, since it needs pyspark."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airhaul.errors import MissingExtraError

    try:
        from airhaul.spark.source import AirtableDataSource
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"pyspark", "pyarrow"}:
            raise
        raise MissingExtraError(
            'airhaul.spark needs pyspark; install it with: pip install "airhaul[spark]"'
        ) from error
    return AirtableDataSource
