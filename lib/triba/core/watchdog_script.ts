/**
 * What the watchdog's shell runs.
 *
 * @module
 */

/**
 * Reads `add PID` and `end PID`, where PID is also the number of a session. After `end` nothing of
 * that session is left. At the end of its input it gives the processes 1 s to end by themselves,
 * then SIGTERM, and after 2 s more SIGKILL: to all of the sessions that were not ended, and of those
 * that their processes made for themselves. Only what had left its parents before escapes. Its
 * argument is the path of a socket, which it removes then with its folder.
 *
 * Of a line of /proc/PID/stat what follows the name in parentheses is: state, parent, group,
 * session. Where there is no /proc, groups are signalled. Built of what every POSIX shell has and
 * `sleep`, `rm` and `rmdir`, as an executable brings no runtime to run a script of its own with.
 */
export const WATCHDOG_SCRIPT = `
trap '' HUP INT TERM
socket=$1
known=' '

# Fills table with a line "PID PARENT SESSION" for each process.
look() {
  table=
  for folder in /proc/[0-9]*; do
    line=
    read -r line < "$folder/stat" || continue
    set -- \${line##*) }
    table="$table\${folder#/proc/} $2 $4
"
  done
}

# Adds to sessions those of all children of its members.
widen() {
  members=' '
  before=
  while [ "$before" != "$sessions$members" ]; do
    before=$sessions$members
    while read -r pid parent session; do
      [ -n "$pid" ] || continue
      case $sessions in *" $session "*)
        case $members in *" $pid "*) ;; *) members="$members$pid " ;; esac
        continue ;;
      esac
      case $members in *" $parent "*) sessions="$sessions$session " ;; esac
    done <<END
$table
END
  done
}

# Signals all that belong to sessions; false if there are none.
signal() {
  look
  found=
  while read -r pid parent session; do
    [ -n "$pid" ] || continue
    case $sessions in *" $session "*) kill -s "$1" "$pid" && found=1 ;; esac
  done <<END
$table
END
  [ -n "$table" ] || for group in $sessions; do kill -s "$1" -- "-$group" && found=1; done
  [ -n "$found" ]
}

while read -r verb target; do
  case $verb in
    add) known="$known$target " ;;
    end)
      sessions=" $target "
      signal KILL
      rest=' '
      for one in $known; do [ "$one" = "$target" ] || rest="$rest$one "; done
      known=$rest ;;
  esac
done

# A core that ends by itself has removed it.
if [ -n "$socket" ] && [ -S "$socket" ]; then
  rm -f "$socket"
  rmdir "\${socket%/*}"
fi

[ "$known" != ' ' ] || exit 0
sessions=$known
look
widen
sleep 1
signal TERM || exit 0
sleep 2
signal KILL
`;
