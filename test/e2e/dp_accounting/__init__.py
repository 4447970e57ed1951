"""Stands in for Google's dp_accounting where that is not installed: the names and arguments that the script in
docs/privacy-statement.md uses, and the arithmetic of the papers, written anew. It refuses what the library refuses."""
