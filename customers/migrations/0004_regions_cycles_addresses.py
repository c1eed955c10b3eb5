import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_lock'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='address',
            field=models.TextField(blank=True, default='', max_length=400, verbose_name='address'),
        ),
        migrations.AddField(
            model_name='company',
            name='tax_number',
            field=models.CharField(blank=True, default='', max_length=30, verbose_name='tax number'),
        ),
        migrations.AddField(
            model_name='customer',
            name='address',
            field=models.TextField(blank=True, default='', max_length=400, verbose_name='address'),
        ),
        migrations.AddField(
            model_name='customer',
            name='invoicing',
            field=models.CharField(blank=True, choices=[('DELIVERY', 'per delivery'), ('WEEKLY', 'weekly'), ('MONTHLY', 'monthly')], db_default='', default='', max_length=8, verbose_name='invoiced'),
        ),
        migrations.AddField(
            model_name='customer',
            name='tax_number',
            field=models.CharField(blank=True, default='', max_length=30, verbose_name='tax number'),
        ),
        migrations.AddField(
            model_name='segment',
            name='invoicing',
            field=models.CharField(blank=True, choices=[('DELIVERY', 'per delivery'), ('WEEKLY', 'weekly'), ('MONTHLY', 'monthly')], db_default='', default='', max_length=8, verbose_name='invoiced'),
        ),
        migrations.CreateModel(
            name='Region',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='code')),
                ('name', models.CharField(blank=True, default='', max_length=120, verbose_name='name')),
                ('invoicing', models.CharField(blank=True, choices=[('DELIVERY', 'per delivery'), ('WEEKLY', 'weekly'), ('MONTHLY', 'monthly')], db_default='', default='', max_length=8, verbose_name='invoiced')),
                ('terms', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='customers.paymentterms')),
            ],
        ),
        migrations.AddField(
            model_name='customer',
            name='region',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='customers.region'),
        ),
    ]
