#!/bin/sh
# Brings the zones to what `zones` declares, before the server starts. Safe to run again.
#
# Only record sets that are declared, or were declared when this ran last, are touched. What external-dns, cert-manager
# or a person wrote stays, and so do zones that are no longer declared.
set -euf
LC_ALL=C
export LC_ALL
umask 027
config=${POWERDNS_CONFIG:-/etc/powerdns}
data=${POWERDNS_DATA:-/var/lib/powerdns}
work=$(mktemp -d "${POWERDNS_RUN:-/run/pdns}/bootstrap.XXXXXX")
trap 'rm -rf "$work"' EXIT
tab=$(printf '\t')
zones=$config/zones

# pdnsutil, heard only when it fails.
util() {
    if ! pdnsutil --config-dir="$config" "$@" > "$work/said" 2>&1; then
        echo "pdnsutil $1 failed:" >&2
        cat "$work/said" >&2
        exit 1
    fi
}

# Makes a zone, unless it exists. Asked so and not by the list of zones, which leaves out those not yet transferred.
make() { # create-…-zone, zone, addresses
    if pdnsutil --config-dir="$config" "$@" > "$work/said" 2>&1; then
        echo "$2: made"
    elif ! grep -q 'exists already' "$work/said"; then
        util "$@"
    fi
}

declared() { # kind, zone: what the file says, without these two words
    awk -F '\t' -v kind="$1" -v zone="$2" '$1 == kind && $2 == zone { sub(/^[^\t]*\t[^\t]*\t/, ""); print }' "$zones"
}

# The common form of records, as name, TTL, type, content: versions differ in where they print the last dot.
plain='
function plain(type, content,    words, count, i) {
    if (type == "TXT" || type == "CAA") return content
    count = split(content, words, " ")
    content = ""
    for (i = 1; i <= count; i++) {
        if (words[i] != ".") sub(/\.$/, "", words[i])
        if (type == "SOA" && i == 3) words[i] = 0
        content = content (i > 1 ? " " : "") words[i]
    }
    return content
}
function whole(name) { sub(/\.$/, "", name); return name }
'

# This series of pdnsutil takes whole names.
named() { # name, zone
    echo "$1."
}

database=$data/pdns.sqlite3
if [ ! -s "$database" ]; then
    rm -f "$database.new"
    sqlite3 "$database.new" < "${POWERDNS_SCHEMA:-/usr/local/share/doc/pdns/schema.sqlite3.sql}"
    mv "$database.new" "$database"
    echo "made an empty database"
fi

# The keys that sign transfers and updates: name, algorithm, and the variable that holds the key.
awk -F '\t' '$1 == "key"' "$zones" > "$work/keys"
while IFS=$tab read -r _ name algorithm variable; do
    key=$(printenv "$variable" | tr -d '[:space:]')
    util list-tsig-keys
    if ! grep -qxF "$name. $algorithm. $key" "$work/said"; then
        if grep -q "^$name\. " "$work/said"; then util delete-tsig-key "$name"; fi
        util import-tsig-key "$name" "$algorithm" "$key"
        echo "key $name: set"
    fi
done < "$work/keys"

awk -F '\t' '$1 == "zone" { print $2 }' "$zones" > "$work/zones"
touch "$data/declared"
: > "$work/declared"

while read -r zone; do
    declared zone "$zone" > "$work/kind"
    read -r kind primaries < "$work/kind"
    if [ "$kind" = secondary ]; then
        # Unquoted: one word an address.
        # shellcheck disable=SC2086
        make create-secondary-zone "$zone" $primaries
        util set-kind "$zone" secondary
        # shellcheck disable=SC2086
        util change-secondary-zone-primary "$zone" $primaries
    else
        make create-zone "$zone"
        util set-kind "$zone" "$kind"
    fi

    declared meta "$zone" > "$work/meta"
    while IFS= read -r line; do
        IFS=$tab
        # shellcheck disable=SC2086
        set -- $line
        unset IFS
        util set-meta "$zone" "$@"
    done < "$work/meta"
    if [ "$kind" = secondary ]; then continue; fi

    util list-zone "$zone"
    serial=$(awk -F '\t' '$4 == "SOA" { split($5, words, " "); print words[3] }' "$work/said")
    awk -F '\t' "$plain"'$3 == "IN" { print whole($1) "\t" $2 "\t" $4 "\t" plain($4, $5) }' "$work/said" |
        sort > "$work/have"
    declared rrset "$zone" | awk -F '\t' -v zone="$zone" "$plain"'{
        print ($1 == "@" ? zone : $1 "." zone) "\t" $2 "\t" $3 "\t" plain($3, $4)
    }' | sort > "$work/want"
    awk -F '\t' -v zone="$zone" '$1 == zone { sub(/^[^\t]*\t/, ""); print }' "$data/declared" | sort > "$work/last"
    awk -v zone="$zone" '{ print zone "\t" $0 }' "$work/want" >> "$work/declared"

    # What to do, deletions first: a name goes from one type to another.
    awk -F '\t' -v prefix="$(awk -F '\t' '$1 == "owned" { print $2 }' "$zones")" '
    function mark(type, name,    before) { # where external-dns says that a record is its own
        before = prefix
        sub(/^\*\./, "_wildcard.", name)
        if (!gsub(/%\{record_type\}/, tolower(type), before)) name = tolower(type) "-" name
        return before name
    }
    function owned(name) {
        return (mark("A", name) in marks && (name, "A") in have) \
            || (mark("AAAA", name) in marks && (name, "AAAA") in have) \
            || (mark("CNAME", name) in marks && (name, "CNAME") in have)
    }
    { key = $1 SUBSEP $3; line = "\t" $2 "\t" $4 }
    FILENAME ~ /have$/ { have[key] = have[key] line; if ($3 == "TXT" && $4 ~ /heritage=external-dns/) marks[$1] = 1 }
    FILENAME ~ /last$/ { last[key] = last[key] line }
    FILENAME ~ /want$/ { want[key] = want[key] line; if (!(key in ttl)) order[++count] = key; ttl[key] = $2; content[key] = content[key] "\t" $4 }
    END {
        for (key in last) {
            split(key, part, SUBSEP)
            if (key in want || !(key in have)) continue
            print (have[key] == last[key] ? "1delete" : "0leave") "\t" part[1] "\t" part[2]
        }
        for (i = 1; i <= count; i++) {
            key = order[i]
            split(key, part, SUBSEP)
            if (want[key] == have[key] || part[2] == "SOA") continue
            if (part[2] ~ /^(A|AAAA|CNAME)$/ && owned(part[1])) print "0owned\t" part[1] "\t" part[2]
            else print "2replace\t" part[1] "\t" part[2] "\t" ttl[key] content[key]
        }
    }' "$work/have" "$work/last" "$work/want" | sort > "$work/actions"

    changed=
    while IFS= read -r line; do
        IFS=$tab
        # shellcheck disable=SC2086
        set -- $line
        unset IFS
        action=$1 name=$2 type=$3
        shift 3
        case $action in
        0leave) echo "$zone: $name $type is no longer declared, and was changed since: left as it is" ;;
        0owned) echo "$zone: $name $type belongs to external-dns: left as it is" ;;
        1delete)
            util delete-rrset "$zone" "$(named "$name" "$zone")" "$type"
            echo "$zone: $name $type deleted"
            changed=yes
            ;;
        2replace)
            util replace-rrset "$zone" "$(named "$name" "$zone")" "$type" "$@"
            echo "$zone: $name $type set"
            changed=yes
            ;;
        esac
    done < "$work/actions"

    # The SOA last, with a serial that goes on from the old one: the day's first, or one more.
    awk -F '\t' '$3 == "SOA"' "$work/want" > "$work/soa"
    if [ -n "$changed" ] || ! grep -qxFf "$work/soa" "$work/have"; then
        day=$(date -u +%Y%m%d)01
        if [ "${serial:-0}" -ge "$day" ]; then serial=$((serial + 1)); else serial=$day; fi
        IFS=$tab read -r name ttl _ content < "$work/soa"
        content=$(echo "$content" | awk -v serial="$serial" '{ $3 = serial; print }')
        util replace-rrset "$zone" "$(named "$name" "$zone")" SOA "$ttl" "$content"
        # Names below a delegation are no longer the zone's own, or are again.
        util rectify-zone "$zone"
        echo "$zone: serial $serial"
    fi
done < "$work/zones"

sort "$work/zones" > "$work/names"
util list-all-zones
sort "$work/said" | comm -23 - "$work/names" | while read -r zone; do
    echo "$zone: is served, and not declared; take it out with: pdnsutil delete-zone $zone"
done
cp "$work/declared" "$data/declared.new"
mv "$data/declared.new" "$data/declared"
