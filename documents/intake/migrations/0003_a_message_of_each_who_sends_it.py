from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('intake', '0002_told_in_the_readers_language'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='sha256',
            field=models.CharField(max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('sha256', 'received_by'), name='intake_once_of_whoever_sends_it', nulls_distinct=False),
        ),
    ]
