"""Wrong codes, and tries that the count of failures refused, are noted too."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signin', '0004_since'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='attempt', name='signin_attempt_outcome'),
        migrations.RemoveConstraint(model_name='attempt', name='signin_attempt_has_a_person'),
        migrations.AlterField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('entered', 'came in'), ('left', 'signed out'), ('refused', 'turned away'), ('wrong_code', 'wrong code'), ('locked_out', 'locked out')], max_length=10, verbose_name='outcome'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['entered', 'left', 'refused', 'wrong_code', 'locked_out'])), name='signin_attempt_outcome'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['refused', 'locked_out']), ('user__isnull', False), _connector='OR'), name='signin_attempt_has_a_person'),
        ),
    ]
