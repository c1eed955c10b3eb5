"""The days ahead on which what is granted turns by itself: limits, securities, stops and suspensions begin and end."""

from collections.abc import Sequence
from datetime import date

from django.db import connection

_TURNS = """
    SELECT day FROM (
        SELECT valid_from AS day FROM customers_limit WHERE customer_id = ANY (%(c)s) OR shared_id = ANY (%(s)s)
        UNION SELECT valid_to + 1 FROM customers_limit
              WHERE kind = 'TEMPORARY' AND (customer_id = ANY (%(c)s) OR shared_id = ANY (%(s)s))
        UNION SELECT valid_from FROM customers_security WHERE customer_id = ANY (%(c)s)
        UNION SELECT valid_to + 1 FROM customers_security WHERE customer_id = ANY (%(c)s)
        UNION SELECT valid_from FROM customers_customerblock WHERE customer_id = ANY (%(c)s)
        UNION SELECT valid_to + 1 FROM customers_customerblock WHERE customer_id = ANY (%(c)s)
        UNION SELECT suspended_until + 1 FROM customers_creditaccount WHERE suspended AND customer_id = ANY (%(c)s)
    ) turns WHERE day > %(today)s AND day <= %(until)s ORDER BY day LIMIT %(most)s
"""


def ahead(
    customer_ids: Sequence[int], shared_ids: Sequence[int], *, today: date, until: date, most: int = 12
) -> list[date]:
    """Return the first days after `today` on which grants, securities or stops of these begin or no longer hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TURNS, {"c": list(customer_ids), "s": list(shared_ids), "today": today, "until": until, "most": most}
        )
        return [row[0] for row in cursor.fetchall()]
