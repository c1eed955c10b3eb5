"""Reports by schedule: their editions closed to changes from the first day on, changes of reports noted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from creditrisk.append_only import append_only
from creditrisk.audit.watching import watch


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("approvals", "0002_roles_and_append_only"),
        ("audit", "0001_trail"),
        ('customers', '0010_days_after_month_end'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('what', models.CharField(choices=[('PORTFOLIO', 'portfolio of the week'), ('PAYMENTS', 'payment history of customers')], default='PORTFOLIO', max_length=9, verbose_name='what it tells')),
                ('language', models.CharField(choices=[('en', 'English'), ('it', 'Italiano')], default='en', max_length=5, verbose_name='language')),
                ('largest', models.PositiveSmallIntegerField(default=10, verbose_name='otherwise the largest')),
                ('grain', models.CharField(choices=[('MONTH', 'months'), ('QUARTER', 'quarters')], default='MONTH', max_length=7, verbose_name='by')),
                ('periods', models.PositiveSmallIntegerField(default=12, verbose_name='periods')),
                ('grace', models.PositiveSmallIntegerField(default=7, verbose_name='on time up to days after due')),
                ('every', models.CharField(choices=[('WEEK', 'every week'), ('MONTH', 'every month')], default='WEEK', max_length=5, verbose_name='how often')),
                ('weekday', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')], null=True, verbose_name='weekday')),
                ('month_day', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='day of the month')),
                ('hour', models.PositiveSmallIntegerField(default=7, verbose_name='hour')),
                ('addresses', models.TextField(blank=True, default='', verbose_name='further addresses')),
                ('active', models.BooleanField(default=True, verbose_name='comes by itself')),
                ('starts_at', models.DateTimeField(verbose_name='nothing is due before')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('error', models.CharField(blank=True, default='', max_length=500, verbose_name='why the last one could not be made')),
                ('failed_at', models.DateTimeField(blank=True, null=True, verbose_name='failed at')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.company', verbose_name='company')),
                ('customers', models.ManyToManyField(blank=True, related_name='+', to='customers.customer', verbose_name='customers')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('people', models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='people')),
            ],
            options={
                'verbose_name': 'report',
            },
        ),
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(null=True, verbose_name='due')),
                ('day', models.DateField(verbose_name='business day')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('body', models.TextField(verbose_name='pages')),
                ('book', models.BinaryField(verbose_name='workbook')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='reports.report')),
            ],
            options={
                'verbose_name': 'edition of a report',
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, verbose_name='address')),
                ('name', models.CharField(blank=True, default='', max_length=150, verbose_name='name')),
                ('message_id', models.CharField(max_length=120, unique=True, verbose_name='message id')),
                ('state', models.CharField(choices=[('WAITING', 'waits'), ('SENT', 'sent'), ('FAILED', 'given up')], default='WAITING', max_length=7, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_try', models.DateTimeField(null=True, verbose_name='next try')),
                ('claimed_until', models.DateTimeField(null=True, verbose_name='claimed until')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('error', models.CharField(blank=True, default='', max_length=500, verbose_name='error')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='reports.edition')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'WAITING')), fields=['next_try'], name='reports_to_be_sent')],
                'constraints': [models.UniqueConstraint(fields=('edition', 'address'), name='reports_one_delivery_an_address'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'SENT')), models.Q(models.Q(('state', 'SENT'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='reports_sent_at_a_moment'), models.CheckConstraint(condition=models.Q(models.Q(('next_try__isnull', False), ('state', 'WAITING')), models.Q(models.Q(('state', 'WAITING'), _negated=True), ('next_try__isnull', True)), _connector='OR'), name='reports_waits_for_a_moment')],
            },
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='reports_one_name_a_company'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('every', 'WEEK'), ('month_day__isnull', True), ('weekday__gte', 1), ('weekday__lte', 7)), models.Q(('every', 'MONTH'), ('month_day__gte', 1), ('month_day__lte', 31), ('weekday__isnull', True)), _connector='OR'), name='reports_day_of_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('hour__lte', 23)), name='reports_hour_of_a_day'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('grace__lte', 60), ('largest__gte', 1), ('largest__lte', 50), ('periods__gte', 1), ('periods__lte', 36)), name='reports_not_endless'),
        ),
        migrations.AddIndex(
            model_name='edition',
            index=models.Index(fields=['report', '-id'], name='reports_newest_editions'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.UniqueConstraint(fields=('report', 'due_at'), name='reports_one_edition_a_time'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__isnull', False), ('made_by__isnull', False), _connector='OR'), name='reports_due_or_asked_for'),
        ),
        append_only(["reports_edition"]),
        watch(["reports_report", "reports_report_customers", "reports_report_people"]),
    ]
