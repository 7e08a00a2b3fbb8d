/**
 * Behind the name of a table: all of its rows, of a table. The server looks a name up again after it has waited for a lock, and
 * refuses a view that another role has put in the place of the table meanwhile: its functions would run with our rights.
 */
export const ALL_ROWS = 'tablesample pg_catalog.system (100)';
