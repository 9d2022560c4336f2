# terraform-state-backup: copies of Terraform's state on a remote that rclone encrypts.
#
#   terraform-state-backup backup                 makes a copy, checks it, and removes those beyond the newest KEEP
#   terraform-state-backup list                   the copies, newest last
#   terraform-state-backup restore WHICH FOLDER   unpacks a copy (a name of the list, or `latest`) into a new folder
#
# Told by its environment: REMOTE (name:folder), SOURCES (folders, one a line), KEEP (a number), and where its files
# are: STATE_DIRECTORY, RUNTIME_DIRECTORY, CREDENTIALS_DIRECTORY (holds rclone.conf), METRICS (a file, or nothing).

umask 077
fail() {
  echo "error: $1" >&2
  [ -z "${2:-}" ] || echo "help: $2" >&2
  exit 1
}

command=${1:-}
case $command in
  backup | list | restore) ;;
  *) fail "say what to do: backup, list, or restore WHICH FOLDER" ;;
esac

state=${STATE_DIRECTORY:-$(mktemp -d)} run=${RUNTIME_DIRECTORY:-$(mktemp -d)} metrics=${METRICS:-}
: "${REMOTE:?}" "${SOURCES:=}"
remote=${REMOTE%%:*} keep=${KEEP:-30}

# rclone writes fresh access tokens into its configuration, and a credential cannot be written to.
[ -r "$CREDENTIALS_DIRECTORY/rclone.conf" ] || fail "there is no credential rclone.conf"
cp "$CREDENTIALS_DIRECTORY/rclone.conf" "$run/rclone.conf" || fail "$run cannot be written to"
chmod 600 "$run/rclone.conf"
# A name that the password does not open is an error, and not a file that is not there.
export RCLONE_CONFIG=$run/rclone.conf RCLONE_CRYPT_STRICT_NAMES=true RCLONE_RETRIES=2 RCLONE_LOG_LEVEL=ERROR

kind=$(rclone listremotes --long | while read -r name type _; do [ "$name" != "$remote:" ] || echo "$type"; done)
[ -n "$kind" ] || fail "rclone.conf has no remote \`$remote\`" "rclone config shows the remotes that it has"
[ "$kind" = crypt ] || fail "the remote \`$remote\` is of type $kind, and state must not leave this host in the clear" \
  "make a remote of type crypt over it, and name that one"

# The copies, oldest first; their names are their times.
copies() {
  local listed
  # A folder that is not there holds nothing, unless it goes by another name because the password is another one:
  # the names that are there tell.
  if ! listed=$(rclone lsf --files-only "$REMOTE" 2> "$run/listing"); then
    if ! grep -q 'directory not found' "$run/listing"; then unlisted; fi
    rclone lsf "$remote:" > /dev/null 2> "$run/listing" || grep -q 'directory not found' "$run/listing" || unlisted
    return 0
  fi
  grep -E '^[0-9]{8}T[0-9]{6}Z\.tar\.gz$' <<< "$listed" | sort || true
}

unlisted() {
  cat "$run/listing" >&2
  ! grep -qiE 'decrypt|undecryptable|bad PKCS|block size|base32' "$run/listing" ||
    fail "the password of \`$remote\` is not the one that the copies there were made with"
  fail "$REMOTE cannot be listed"
}

list() { copies; }

restore() {
  local which=$1 into=$2 all
  all=$(copies)
  [ "$which" != latest ] || which=$(tail -n 1 <<< "$all")
  [ -n "$which" ] || fail "$REMOTE holds no copy"
  grep -qxF "$which" <<< "$all" || fail "$REMOTE holds no copy \`$which\`" "terraform-state-backup list shows those that there are"
  [ ! -e "$into" ] || fail "$into is there already" "name a folder that is not: nothing is written over"
  mkdir -p "$into.part"
  if ! rclone cat "$REMOTE/$which" | tar -xzf - -C "$into.part"; then
    rm -rf "$into.part"
    fail "$which could not be unpacked"
  fi
  mv "$into.part" "$into"
  echo "$which is in $into; terraform state push takes a state file back"
}

# For node_exporter's textfile collector, whole or not at all.
measure() {
  local success=$1 size=$2 kept=$3 last
  [ -n "$metrics" ] || return 0
  last=$(cat "$state/last-success" 2> /dev/null || echo 0)
  cat > "$metrics.$$" <<METRICS || return 0
# HELP terraform_state_backup_success Whether the last run made a copy.
# TYPE terraform_state_backup_success gauge
terraform_state_backup_success $success
# HELP terraform_state_backup_last_success_timestamp_seconds When a copy was last made.
# TYPE terraform_state_backup_last_success_timestamp_seconds gauge
terraform_state_backup_last_success_timestamp_seconds $last
# HELP terraform_state_backup_size_bytes The size of the last copy.
# TYPE terraform_state_backup_size_bytes gauge
terraform_state_backup_size_bytes $size
# HELP terraform_state_backup_copies How many copies the remote holds.
# TYPE terraform_state_backup_copies gauge
terraform_state_backup_copies $kept
METRICS
  chmod 644 "$metrics.$$"
  mv "$metrics.$$" "$metrics"
}

# However a run ends: no half copy stays, and a failure is measured.
finish() {
  rm -f "$state/copy.tar.gz"
  [ "$1" -eq 0 ] || measure 0 0 0
  exit "$1"
}

backup() {
  local sources=() source name packed sum all old
  exec 9> "$state/lock" || fail "$state cannot be written to"
  flock --nonblock 9 || fail "another backup runs" "wait for it: systemctl status terraform-state-backup"
  trap 'finish $?' EXIT
  while IFS= read -r source; do
    [ -n "$source" ] || continue
    [ -d "$source" ] || fail "$source is not there"
    [ -n "$(find "$source" -name '*.tfstate' -size +0 -print -quit)" ] || fail "$source holds no state (*.tfstate)"
    sources+=("${source#/}")
  done <<< "$SOURCES"
  [ ${#sources[@]} -gt 0 ] || fail "there is nothing to copy: SOURCES is empty"
  all=$(copies)

  name=$(date -u +%Y%m%dT%H%M%SZ).tar.gz packed=$state/copy.tar.gz
  find "${sources[@]/#//}" \( -name '*.tfstate' -o -name '*.tfstate.*' -o -name '*.tfvars' -o -name .terraform.lock.hcl \) -type f -print0 |
    sed -z 's|^/||' | sort -z |
    tar -C / --null -T - -czf "$packed" || fail "the copy could not be packed into $state" "look at its disk: df $state"
  sum=$(sha256sum < "$packed")
  rclone copyto "$packed" "$REMOTE/$name.part" || fail "the copy could not be sent to $REMOTE"
  # What was sent is read back and compared before it counts.
  [ "$(rclone cat "$REMOTE/$name.part" | sha256sum)" = "$sum" ] || fail "what $REMOTE holds is not what was sent"
  rclone moveto "$REMOTE/$name.part" "$REMOTE/$name" || fail "the copy could not be given its name"

  all=$(copies)
  grep -qxF "$name" <<< "$all" || fail "$REMOTE does not list the copy that was sent"
  while IFS= read -r old; do
    [ -z "$old" ] || rclone deletefile "$REMOTE/$old" || fail "the old copy $old could not be removed"
  done < <(head -n "-$keep" <<< "$all")
  date +%s > "$state/last-success"
  measure 1 "$(stat -c %s "$packed")" "$(copies | wc -l)"
  echo "$REMOTE/$name: $(stat -c %s "$packed") bytes"
}

case $command in
  backup) backup ;;
  list) list ;;
  restore)
    [ $# -eq 3 ] || fail "say which copy and where to: restore latest FOLDER"
    restore "$2" "$3"
    ;;
esac
