"""Everything outside this program: settings, database, live store, carrier and business systems."""
