# HTTPS: a certificate that nobody vouches for, or for another host, ends the run at once and nothing is sent; a trusted one works.
. "$RM_SOURCE/tests/cli/expect.bash"
command -v openssl >/dev/null || skip "no openssl"
certificate() {  # NAME HOST: signed by itself
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$2" \
    -addext "subjectAltName=$2" 2>/dev/null
}
certificate here IP:127.0.0.1
certificate elsewhere DNS:other.example
pairs 8 >in.jsonl
export OPENAI_API_KEY=secret-of-the-user
server --tls here.pem here.key --key secret-of-the-user
url=${url/http:/https:}
began=$SECONDS
ends 69 rm-judge -m "$url" -i in.jsonl
[ $((SECONDS - began)) -lt 10 ] || { echo "took $((SECONDS - began)) s"; exit 1; }
has err 'certificate is not trusted'
has err SSL_CERT_FILE
hasnt err secret-of-the-user
stats() {
  python3 - "$port" here.pem <<'P'
import ssl, sys, urllib.request
print(urllib.request.urlopen(f"https://127.0.0.1:{sys.argv[1]}/stats", context=ssl.create_default_context(cafile=sys.argv[2])).read().decode())
P
}
stats >none.json
jq -e '.asked == 0' none.json
SSL_CERT_FILE=elsewhere.pem ends 69 rm-judge -m "$url" -i in.jsonl
SSL_CERT_FILE=here.pem ends 0 rm-judge -m "$url" -i in.jsonl
lines out 8
none 'select(.judgment.verdict == null)' out
SSL_CERT_FILE=here.pem ends 69 rm-judge -m "${url/127.0.0.1/localhost}" -i in.jsonl  # trusted, but for another name
has err 'certificate is not trusted'
