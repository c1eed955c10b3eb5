"""The parts of a limit, kept in English, as people read them."""

from django import template

from creditrisk.facts import source_in_words
from customers import limits

register = template.Library()

register.filter("part_source", source_in_words)
register.filter("part_detail", limits.detail_shown)
