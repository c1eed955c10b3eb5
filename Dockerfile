FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 STATIC_ROOT=/app/var/static VAR_DIR=/app/var
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost:6379/0 SECRET_KEY=collecting \
    python manage.py collectstatic --noinput \
    && useradd --no-create-home app && chown -R app var
USER app
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
    "--blocking-threads", "8", "--no-ws", "creditrisk.wsgi:application"]
