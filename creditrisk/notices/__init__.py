"""Notices: who hears of alerts how, and what is sent of them until it has arrived or is given up."""
