"""When each slice of the customers was last compared with the formula."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exposure', '0003_drafts_of_closed_orders'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditedSlice',
            fields=[
                ('remainder', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('audited_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'audited slice',
                'verbose_name_plural': 'audited slices',
            },
        ),
    ]
