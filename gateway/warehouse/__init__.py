"""Stores calls as columns in ClickHouse, for search and statistics.

One table, derived from the catalogue, has a row for each call. From the inside out: `fields` says
what can be asked for, `columns` and `table` how it is kept, `encryption` and `rows` make a row of a
summary; `engine` is the protocol that `embedded` and `http` speak, `writer` keeps batches;
`conditions`, `visibility` and `statements` become SQL, `search` and `statistics` ask it;
`coverage` says what the answers know. `warehouse` puts these together for the floors above.
"""
