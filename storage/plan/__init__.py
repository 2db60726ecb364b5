"""Compiled reads: the one clever room of the house.

Executing a query field by field costs twenty times what the database does for it. So a query is compiled instead,
once per shape, into one prepared statement that answers with JSON text; a request binds values and sends the text on.

How it is made. A level is a list of rows: the sites of a page, the chargers of each site. It becomes a derived table
that holds just the columns something asked for; the answer of the level is an expression over that table, and a deeper
level is a correlated subquery inside this expression:

    SELECT json_agg(r) FROM (SELECT "#1".c0 AS "id", (SELECT json_agg(r) FROM (…chargers…) r) AS "chargers"
                             FROM (SELECT locations.id AS c0 FROM locations WHERE … ORDER BY … LIMIT 50) "#1") r

- `levels` makes levels, pages and cursors from the same statements that resolvers run (`storage.locations` and its
  like, narrowed by the resolvers' filters), so a filter is written once.
- `forms` holds what the two databases say differently: an object, a list, and a value in its wire form.
- `parameters` remembers which of the request's values goes to which place of the statement.
- `statement` closes the work: one option narrows every row of every level to the tenant, then the text is compiled.
- `readers` run statements at little more than the cost of the driver: `postgres`, which reads single rows for many
  requests at once, and `sqlite`.

What keeps it safe. Values never enter the text; response keys do, as quoted labels, and are names that the GraphQL
parser accepted. Names of our own begin with `#`, which no GraphQL name does, so no client's alias can capture them.
Whatever is not known raises Unsupported while compiling, and the ordinary executor answers instead.
"""

from storage.plan.errors import ReadFailed, Reshaped, Unsupported
from storage.plan.forms import text
from storage.plan.levels import Keyset, Level
from storage.plan.parameters import Variables
from storage.plan.readers import Reader, make_reader
from storage.plan.statement import Plan, Statement

__all__ = [
    "Keyset", "Level", "Plan", "ReadFailed", "Reader", "Reshaped", "Statement", "Unsupported", "Variables",
    "make_reader", "text",
]  # fmt: skip
