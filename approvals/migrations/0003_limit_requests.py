import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from creditrisk.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0002_roles_and_append_only'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('customers', '0005_granted'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LimitRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('BASE', 'base'), ('TEMPORARY', 'temporary')], default='BASE', max_length=10, verbose_name='kind')),
                ('state_wanted', models.CharField(blank=True, choices=[('INHERIT', 'inherited'), ('AMOUNT', 'an amount'), ('UNLIMITED', 'unlimited')], default='', help_text='Blank where only other terms are asked for.', max_length=10, verbose_name='limit')),
                ('amount', models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True, verbose_name='amount')),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Enter the three capital letters of a currency, for example EUR.')], verbose_name='currency')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='from')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('reason', models.CharField(max_length=300, verbose_name='why')),
                ('state', models.CharField(choices=[('OPEN', 'waits for approval'), ('CHANGE_WANTED', 'back for a change'), ('APPLIED', 'approved'), ('REJECTED', 'rejected'), ('WITHDRAWN', 'withdrawn')], default='OPEN', max_length=13, verbose_name='state')),
                ('requested_at', models.DateTimeField(verbose_name='requested at')),
                ('source_key', models.CharField(blank=True, max_length=120, null=True, unique=True, verbose_name='key of the form')),
                ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='delegated to')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='limit_requests', to='customers.customer')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settlement_discount', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.settlementdiscount')),
                ('terms', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.paymentterms')),
            ],
        ),
        migrations.CreateModel(
            name='RequestEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('ASKED', 'asked'), ('CHANGED', 'changed'), ('APPROVED', 'approved'), ('APPLIED', 'took effect'), ('CHANGE_WANTED', 'asked for a change'), ('DELEGATED', 'delegated'), ('REJECTED', 'rejected'), ('WITHDRAWN', 'withdrawn')], max_length=13, verbose_name='step')),
                ('level', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='level')),
                ('note', models.TextField(blank=True, default='', verbose_name='note')),
                ('figures', models.JSONField(default=dict, verbose_name='figures of the day')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('actor', models.JSONField(default=dict)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='approvals.limitrequest')),
                ('to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ApprovalLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(help_text='Small decides small.', unique=True, verbose_name='position')),
                ('amount_up_to', models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True, verbose_name='limits up to')),
                ('increase_up_to', models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True, verbose_name='increases up to')),
                ('with_former', models.BooleanField(default=False, help_text='Both decide: the level below first, then this one.', verbose_name='after the level below')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='auth.group', verbose_name='role')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount_up_to__isnull', True), ('amount_up_to__gte', 0), _connector='OR'), models.Q(('increase_up_to__isnull', True), ('increase_up_to__gte', 0), _connector='OR')), name='approvals_level_not_negative')],
            },
        ),
        migrations.AddIndex(
            model_name='limitrequest',
            index=models.Index(fields=['state', 'id'], name='approvals_requests_by_state'),
        ),
        migrations.AddIndex(
            model_name='limitrequest',
            index=models.Index(fields=['customer', '-id'], name='approvals_requests_of_customer'),
        ),
        migrations.AddConstraint(
            model_name='limitrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gte', 0), ('amount__isnull', False), ('state_wanted', 'AMOUNT')), models.Q(models.Q(('state_wanted', 'AMOUNT'), _negated=True), ('amount__isnull', True)), _connector='OR'), name='approvals_request_amount_where_stated'),
        ),
        migrations.AddConstraint(
            model_name='limitrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state_wanted', ''), _negated=True), ('terms__isnull', False), ('settlement_discount__isnull', False), _connector='OR'), name='approvals_request_asks_for_something'),
        ),
        migrations.AddConstraint(
            model_name='limitrequest',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='approvals_request_days'),
        ),
        migrations.AddIndex(
            model_name='requestevent',
            index=models.Index(fields=['request', 'id'], name='approvals_events_of_request'),
        ),
        migrations.AddConstraint(
            model_name='requestevent',
            constraint=models.UniqueConstraint(condition=models.Q(('step__in', ['APPLIED', 'REJECTED', 'WITHDRAWN'])), fields=('request',), name='approvals_request_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='requestevent',
            constraint=models.UniqueConstraint(condition=models.Q(('step', 'ASKED')), fields=('request',), name='approvals_request_asked_once'),
        ),
        append_only(["approvals_requestevent"]),
    ]
