from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0009_figures_of_grants'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentterms',
            name='days_after_month_end',
            field=models.PositiveIntegerField(default=0, help_text='With “end of month”: 30 days, end of month, and 10 here fall due on the 10th of the month after.', verbose_name="days after the month's end"),
        ),
        migrations.AddConstraint(
            model_name='paymentterms',
            constraint=models.CheckConstraint(condition=models.Q(('end_of_month', True), ('days_after_month_end', 0), _connector='OR'), name='customers_days_after_a_month_end', violation_error_message="Days after the month's end are for terms that run to the end of the month."),
        ),
    ]
