"""Sign-ins, only ever added."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from creditrisk.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('approvals', '0002_roles_and_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('entered', 'came in'), ('left', 'signed out'), ('refused', 'turned away')], max_length=10, verbose_name='outcome')),
                ('typed', models.CharField(blank=True, max_length=150, verbose_name='name typed')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='address')),
                ('at', models.DateTimeField(db_index=True, verbose_name='at')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', ['entered', 'left', 'refused'])), name='signin_attempt_outcome'), models.CheckConstraint(condition=models.Q(('outcome', 'refused'), ('user__isnull', False), _connector='OR'), name='signin_attempt_has_a_person')],
            },
        ),
        append_only(["signin_attempt"]),
    ]
