"""Very many recordings: measured and diagnosed by Dask's workers, kept as partitioned Parquet that histories read."""
