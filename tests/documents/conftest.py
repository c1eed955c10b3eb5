"""Sara at her desk."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.pages import as_user


@pytest.fixture
def sara(cast: Cast) -> Client:
    return as_user(cast.sara.user)
