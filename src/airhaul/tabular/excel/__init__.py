"""Excel workbooks: the rows of a sheet, and a sheet of records."""
