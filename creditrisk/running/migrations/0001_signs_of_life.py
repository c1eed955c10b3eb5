"""Signs of life of schedule and worker, and what was set aside."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('approvals', '0002_roles_and_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('part', models.CharField(choices=[('beat', 'schedule'), ('worker', 'worker')], max_length=10, primary_key=True, serialize=False, verbose_name='part')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
                'constraints': [models.CheckConstraint(condition=models.Q(('part__in', ['beat', 'worker'])), name='running_heartbeat_part')],
            },
        ),
        migrations.CreateModel(
            name='SetAside',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.CharField(blank=True, max_length=200, verbose_name='task')),
                ('error', models.CharField(max_length=200, verbose_name='kind of failure')),
                ('told', models.CharField(blank=True, max_length=500, verbose_name='what was said')),
                ('message', models.CharField(blank=True, max_length=2000, verbose_name='message')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('first_at', models.DateTimeField(verbose_name='first')),
                ('last_at', models.DateTimeField(db_index=True, verbose_name='last')),
            ],
            options={
                'verbose_name': 'work set aside',
                'verbose_name_plural': 'work set aside',
                'constraints': [models.UniqueConstraint(fields=('task', 'error'), name='running_setaside_once_a_kind')],
            },
        ),
    ]
