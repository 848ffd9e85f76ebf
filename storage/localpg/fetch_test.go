package localpg_test

// On a machine without PostgreSQL these tests too run what is fetched.
import _ "livedeskbot/storage/localpg/fetch"
