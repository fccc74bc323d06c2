"""Commands that hold a secret, and look-alikes of each; a line is split into words as a shell does it."""

from __future__ import annotations

import shlex

_CAUGHT_COMMANDS = r"""
redis-server --requirepass x
sh -c 'PGPASSWORD=x psql'
--password x
--password=x
mysql -psecret
'mysqldump -u root -psecret db'
redis-cli -a x ping
curl -u user:pass http://h
'curl -fsSu user:pass http://h'
ldapsearch -x -w x
'sshpass -p x ssh h'
sshpass -px ssh
'openssl enc -passin pass:x'
openssl rsa -passin pass:x
java -Dspring.datasource.password=x -jar a.jar
sh -c 'export X_TOKEN=abc; run'
env A_PASSWORD=x cmd
'docker run -e X_PASSWORD=x img'
curl -H 'Authorization: Bearer abcdef123456'
'curl -H '"'"'X-Api-Key: abc123'"'"' http://h'
psql postgres://u:p@h/db
psql 'host=h password=x user=y'
sh -c 'echo root:x | chpasswd'
rabbitmqctl add_user u p
docker login -u me -p x
htpasswd -nb u p
'htpasswd -bc /etc/f u p'
sqlcmd -S h -U sa -P x
mongosh -u r -p x
redis-server '--requirepass x'
CMD-SHELL 'redis-cli -a x ping'
CMD mysqladmin ping -psecret
keytool -storepass changeit
vault server -dev -dev-root-token-id=root
'psql -c "ALTER USER a WITH PASSWORD '"'"'x'"'"'"'
traefik --certificatesresolvers.x.acme.token abc
bash -c 'redis-server --requirepass '"'"'hunter 2'"'"''
run --db-password hunter2
run --dbPassword hunter2
run -password x
'aws configure set aws_secret_access_key abc'
minio server --secret-key x
sh -c 'echo UEdQQVNTV09SRD14IHBzcWw= | base64 -d | sh'
sh -lc 'mysql --host=h --password=x'
wget --http-password=x u
smbclient -U u%p //h/s
consul agent -token=abc
curl --user=u:p h
curl 'http://h?api_key=abc123'
node app --apiKey=abc
kc.sh start --db-password=x
'mc alias set m http://h minio hunter2 --api-key=x'
redis-cli AUTH x
redis-server --user 'default on >hunter2 ~* +@all'
redis-sentinel --sentinel auth-pass mymaster hunter2
sh -c 'mc alias set m http://minio:9000 minio hunter2; mc mb m/b'
/usr/bin/mc config host add m http://minio:9000 minio hunter2
openssl enc -k hunter2 -in /b
consul agent '-encrypt=pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s='
consul agent -encrypt 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s='
tailscale up --authkey=hunter2
php -d 'session.save_path=tcp://redis:6379?auth=hunter2' index.php
"""

_PASSED_COMMANDS = r"""
psql -h h -p 5432
'docker run -p 80:80 nginx'
run --password-file /x/y
run --password '$PASSWORD'
run --password '${X}'
sh -c 'run --password $(cat /run/secrets/x)'
run --password %ENV%
run --token-ttl 60
run --password-stdin
mysql -p
mysql -p db
psql --password db
mysqladmin ping -h localhost
run --token file:///run/secrets/x
run '--secret={{resolve:secretsmanager:x}}'
run --secret op://v/i
curl -u 'user:$PASS' h
curl -fsS http://localhost:8080/health
traefik --api.insecure=true
openssl rsa -passin env:X
'openssl rsa -passin file:/x/y'
run --auth-method token
run --password-policy=strict
postgres -c password_encryption=scram-sha-256
sshpass -e ssh
sshpass -f /run/p
run -v token:/run/secrets/token
'docker pull acme/token:1.2'
'docker pull nginx:1.25@sha256:abc'
run --tls-key /certs/tls.key
run --key server.key
redis-server --requirepass '$REDIS_PASSWORD'
sh -c 'redis-cli -a "$REDIS_PASSWORD" ping'
--generate-password true
python -m http.server -p 80
htpasswd -c /etc/f u
'docker login --username x --password-stdin'
'mkdir -p /data && redis-cli ping'
sh -c 'test -n "$DB_PASSWORD" || exit 1'
sh -c 'DB_PASSWORD="$(cat /run/secrets/p)" exec app'
grafana cli admin reset-admin-password
run --disable-token
keycloak --spi-token-ttl=30
caddy run --config /etc/caddy/Caddyfile
--secret-name orders
run --csrf-token-header=X-CSRF
wait-for db:5432 -- app
run --public-key abcdef
nginx -g 'daemon off;'
promtail -client.url=http://loki:3100
sh -c 'pg_isready -U $USER -d $DB'
--secret id=token,src=/x/t
run --max-tokens 4096
run --tokenizer bpe
ssh -i '~/.ssh/id_rsa' git@host:22
redis-server --user 'default on nopass ~* +@all'
sh -c 'turn on >log & sleep 1'
sh -c 'mc alias set m http://minio:9000 "$USER" "$SECRET"; mc ls m/b'
kubectl config set a.b.c true
curl -k https://host
openssl s_client -connect h:443
consul agent -encrypt-verify-incoming=true
sqlcmd '-Encrypt=Strict'
run --encrypt aes
php -d 'session.save_path=tcp://redis:6379?timeout=2' index.php
"""


def _words(table: str) -> list[list[str]]:
    return [shlex.split(line) for line in table.strip().splitlines()]


CAUGHT_COMMANDS, PASSED_COMMANDS = _words(_CAUGHT_COMMANDS), _words(_PASSED_COMMANDS)
