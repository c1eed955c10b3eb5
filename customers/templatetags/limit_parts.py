"""The parts of a limit, kept in English, as people read them."""

from django import template

from customers import limits

register = template.Library()

register.filter("part_source", limits.source_shown)
register.filter("part_detail", limits.detail_shown)
