
import creditrisk.policy.models
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_family_and_grants'),
        ('policy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CompanyCheckpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.BooleanField(default=True, verbose_name='on')),
                ('grace_days', models.PositiveIntegerField(default=0, verbose_name='grace days')),
            ],
            options={
                'verbose_name': 'company that does otherwise',
                'verbose_name_plural': 'companies that do otherwise',
            },
        ),
        migrations.AlterModelOptions(
            name='rulerow',
            options={'verbose_name': 'rule row'},
        ),
        migrations.AlterField(
            model_name='checkpoint',
            name='grace_days',
            field=models.PositiveIntegerField(default=0, help_text='After a release there is no check here for so many days after the day of release. They count only where released documents are checked again at every attempt (Parameters, Releases).', verbose_name='grace days'),
        ),
        migrations.AlterField(
            model_name='parameters',
            name='overdue_ignore_below',
            field=models.DecimalField(decimal_places=4, default=Decimal('0'), max_digits=18, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'It cannot be negative.')], verbose_name='overdue below this is ignored'),
        ),
        migrations.AlterField(
            model_name='parameters',
            name='release_tolerance_amount',
            field=models.DecimalField(decimal_places=4, default=Decimal('0'), max_digits=18, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'It cannot be negative.')], verbose_name='tolerance, amount'),
        ),
        migrations.AlterField(
            model_name='parameters',
            name='release_tolerance_percent',
            field=models.DecimalField(decimal_places=4, default=Decimal('0'), max_digits=8, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'It cannot be negative.'), django.core.validators.MaxValueValidator(1000, 'At most 1000 percent.')], verbose_name='tolerance, percent'),
        ),
        migrations.AlterField(
            model_name='parameters',
            name='warn_at_percent',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1, 'At least 1 percent.'), django.core.validators.MaxValueValidator(1000, 'At most 1000 percent.')]), default=creditrisk.policy.models.usual_thresholds, verbose_name='alert at percent used'),
        ),
        migrations.AlterField(
            model_name='rulerow',
            name='amount',
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'It cannot be negative.')], verbose_name='amount'),
        ),
        migrations.AlterField(
            model_name='rulerow',
            name='currency',
            field=models.CharField(blank=True, default='', help_text="Of the amount. Blank: the currency of each customer's account.", max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Enter the three capital letters of a currency, for example EUR.')], verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='rulerow',
            name='percent',
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'It cannot be negative.'), django.core.validators.MaxValueValidator(1000, 'At most 1000 percent.')], verbose_name='percent'),
        ),
        migrations.AlterField(
            model_name='rulerow',
            name='release_order',
            field=models.BooleanField(default=False, help_text='On an exclusion only: when it is true the document passes, whatever the other rules and limits say.', verbose_name='frees the order from every rule'),
        ),
        migrations.AddConstraint(
            model_name='rulerow',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='policy_row_days'),
        ),
        migrations.AddConstraint(
            model_name='rulerow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('percent__isnull', True), models.Q(('percent__gte', 0), ('percent__lte', 1000)), _connector='OR'), models.Q(('amount__isnull', True), ('amount__gte', 0), _connector='OR')), name='policy_row_in_range'),
        ),
        migrations.AddField(
            model_name='companycheckpoint',
            name='checkpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='companies', to='policy.checkpoint'),
        ),
        migrations.AddField(
            model_name='companycheckpoint',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.company', verbose_name='company'),
        ),
        migrations.AddConstraint(
            model_name='companycheckpoint',
            constraint=models.UniqueConstraint(fields=('checkpoint', 'company'), name='policy_one_setting_per_checkpoint_and_company', violation_error_message='This company has a setting of its own here already.'),
        ),
    ]
