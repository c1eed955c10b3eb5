"""What findings say: kept in English by the queries that find them, told again to whoever reads."""

from creditrisk.language import marked
from creditrisk.retelling import retold

SENTENCES = (
    marked("%(code)s %(name)s and %(other)s: names are alike."),
    marked("%(code)s %(name)s and %(other)s: the tax number is the same."),
    marked("%(code)s %(name)s and %(other)s: the number is the same but for leading zeros."),
    marked("%(customer)s has no payment terms: invoices fall due at once."),
    marked("%(customer)s owes and has no limit of any kind."),
    marked("No rate from %(source)s to %(target)s: %(count)s customers cannot be judged, among them %(code)s."),
    marked("Item %(item)s falls due on %(due)s, but is of %(day)s."),
    marked("Order %(number)s is to ship on %(ship)s, but is of %(day)s."),
    marked("Delivery %(number)s is to ship on %(ship)s, but is of %(day)s."),
    marked("%(customer)s is a customer since %(day)s, a day to come."),
    marked("Between %(before)s and %(number)s one number is missing."),
    marked("Between %(before)s and %(number)s %(count)s numbers are missing."),
    marked("No invoice from %(last)s to %(day)s: %(days)s days, where %(usual)s are usual."),
)


def told(sentence: str) -> str:
    """Return what a finding says in the reader's language."""
    return retold(sentence, SENTENCES)
