-- The exchange tables (前置库): what a client may read are the three views; the tables behind them are ours.
CREATE SCHEMA IF NOT EXISTS exchange;
REVOKE ALL ON SCHEMA exchange FROM PUBLIC;

CREATE TABLE IF NOT EXISTS exchange.batch_rows (
    batch_no text PRIMARY KEY, batch_date text NOT NULL, state text NOT NULL,
    rows_announced integer NOT NULL, begun_at timestamptz NOT NULL, finished_at timestamptz
);
CREATE TABLE IF NOT EXISTS exchange.pension_rows (
    batch_no text NOT NULL, aac147 text NOT NULL, aac003 text, aae140 text, aab301 text, aac008 text, aac031 text,
    aac084 text, aae200 text, aae201 text, eac047 text, aic268 text, aic268_date text
);
CREATE INDEX IF NOT EXISTS pension_rows_aac147 ON exchange.pension_rows (aac147);
CREATE TABLE IF NOT EXISTS exchange.benefit_rows (
    batch_no text NOT NULL, aac147 text NOT NULL, aae140 text, aab301 text, eac064 text, aae019 text, aae145 text
);
CREATE INDEX IF NOT EXISTS benefit_rows_aac147 ON exchange.benefit_rows (aac147);

-- How long every read takes at the moment, in milliseconds. A sequence is read as it is now, whatever the snapshot of
-- the reader's transaction; and it is read again while waiting, so a hang ends when it is told to.
CREATE SEQUENCE IF NOT EXISTS exchange.delay_ms MINVALUE 0 START 0;
CREATE OR REPLACE FUNCTION exchange.wait_as_told() RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = exchange, pg_temp AS $$
DECLARE
    wanted bigint;
    begun timestamptz := clock_timestamp();
BEGIN
    LOOP
        SELECT last_value INTO wanted FROM exchange.delay_ms;
        EXIT WHEN clock_timestamp() >= begun + make_interval(secs => wanted / 1000.0);
        PERFORM pg_sleep(0.05);
    END LOOP;
    RETURN true;
END $$;

-- A sub-select without outer columns is run once for each query, before the first row.
CREATE OR REPLACE VIEW exchange.batch AS SELECT * FROM exchange.batch_rows WHERE (SELECT exchange.wait_as_told());
CREATE OR REPLACE VIEW exchange.pension AS SELECT * FROM exchange.pension_rows WHERE (SELECT exchange.wait_as_told());
CREATE OR REPLACE VIEW exchange.benefit AS SELECT * FROM exchange.benefit_rows WHERE (SELECT exchange.wait_as_told());
