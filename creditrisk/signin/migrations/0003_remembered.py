"""What signing in remembers for a while."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signin', '0002_watch_factors'),
    ]

    operations = [
        migrations.CreateModel(
            name='Remembered',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='key')),
                ('value', models.JSONField(verbose_name='value')),
                ('until', models.DateTimeField(db_index=True, null=True, verbose_name='until')),
            ],
            options={
                'verbose_name': 'remembered for signing in',
                'verbose_name_plural': 'remembered for signing in',
            },
        ),
    ]
