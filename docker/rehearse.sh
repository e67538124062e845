#!/usr/bin/env bash
# Takes the steps of docker/Dockerfile one by one in chroots of Debian, and then runs the last stage as compose.yml does: for a machine without a container engine.
# As root, with debootstrap, the .NET SDK and Node.js on this machine; they stand in for the images of the first two stages.
#   docker/rehearse.sh [FOLDER]      the chroots go to FOLDER and stay there
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
port=18231

say() { printf '== %s\n' "$*"; }

base() {
    [ -e "$work/base/.done" ] && return
    say "debootstrap"
    debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6,zlib1g bookworm "$work/base" >"$work/debootstrap.log"
    touch "$work/base/.done"
}

# What an image has, by its name.
from() {
    local image=$1 root=$2
    rm -rf "$root" && cp -a "$work/base" "$root"
    cp /etc/resolv.conf "$root/etc/"
    case $image in
    node:*)
        cp "$(readlink -f "$(command -v node)")" "$root/usr/bin/node"
        mkdir -p "$root/usr/lib/node_modules" && cp -a "$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")")/npm" "$root/usr/lib/node_modules/"
        ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
        cp ~/.npmrc "$root/root/" 2>/dev/null || true
        ;;
    */dotnet/sdk:*)
        mkdir -p "$root/usr/share" && cp -a "$(dirname "$(readlink -f "$(command -v dotnet)")")" "$root/usr/share/dotnet"
        ln -sf /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
        mkdir -p "$root/root/.nuget" && cp -a ~/.nuget/NuGet "$root/root/.nuget/" 2>/dev/null || true
        ;;
    */dotnet/runtime-deps:*) ;;
    *) echo "nothing here stands in for $image" >&2 && exit 1 ;;
    esac
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
}

# What this machine's ways out want.
mapfile -t network < <(env | grep -E '^(NODE_EXTRA_CA_CERTS|NUGET_CERT_REVOCATION_MODE|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)=' || true)
network+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)

declare -A stages
root= folder=/ variables=() user=0:0
run_in() {
    unshare --mount sh -ec 'mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev"; exec "$@"' "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "${network[@]}" ${variables[@]+"${variables[@]}"} \
        chroot "$root" /bin/sh -ec "cd $folder; $1"
}

step() {
    local instruction=$1 rest=$2
    say "$instruction $rest"
    case $instruction in
    FROM)
        local image=${rest%% *} name=${rest##* }
        root="$work/$name" folder=/ variables=()
        [ "$image" != "$rest" ] || root="$work/final"
        from "$image" "$root"
        stages[$name]=$root
        ;;
    WORKDIR) folder=$rest && mkdir -p "$root$folder" ;;
    ENV) for each in $rest; do variables+=("$each"); done ;;
    RUN) run_in "$rest" ;;
    COPY)
        set -f && local words=($rest) && set +f
        local target=${words[-1]}
        [[ $target = /* ]] || target=$folder/$target
        if [[ ${words[0]} = --from=* ]]; then
            mkdir -p "$root$target" && cp -a "${stages[${words[0]#--from=}]}${words[1]}." "$root$target"
        else
            for each in "${words[@]:0:${#words[@]}-1}"; do
                local inner=$target
                if [ -d "$repository/$each" ]; then
                    (cd "$repository/$each" && mkdir -p "$root$inner" && git ls-files -z . | tar c --null -T - | tar x -C "$root$inner")
                else
                    mkdir -p "$root$inner" && (cd "$repository" && git ls-files --error-unmatch "$each" >/dev/null && cp "$each" "$root$inner")
                fi
            done
        fi
        ;;
    USER) user=$rest ;;
    ENTRYPOINT) entry=$rest ;;
    HEALTHCHECK) health=${rest#*CMD } ;;
    VOLUME | EXPOSE) ;;
    *) echo "what is $instruction?" >&2 && exit 1 ;;
    esac
}

base
while IFS= read -r line; do
    step "${line%% *}" "${line#* }"
done < <(sed -e '/^#/d' -e '/^$/d' "$repository/docker/Dockerfile" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta')

say "run, read-only, as $user"
command_of() { printf '%s' "$1" | tr -d '[]",'; }
export -f command_of
root=$root user=$user entry=$(command_of "$entry") health=$(command_of "$health") port=$port variables="${variables[*]}" unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    mount --bind "$root" "$root"
    for each in data models; do chown "$user" "$root/$each"; mount --bind "$root/$each" "$root/$each"; done
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -o remount,bind,ro "$root"
    in_it=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nowhere $variables Server__Port="$port" Server__ApiKey=rehearsal chroot --userspec="$user" "$root")
    ask() { curl -sS "http://127.0.0.1:$port/v1/chat/completions" -H "Authorization: Bearer rehearsal" -H "Content-Type: application/json" "$@"; }
    ! "${in_it[@]}" /bin/sh -c "touch /app/x" 2>/dev/null || { echo "the root is not read-only"; exit 1; }
    "${in_it[@]}" $entry & server=$!
    for i in $(seq 120); do "${in_it[@]}" $health && break; sleep 1; kill -0 $server; done
    "${in_it[@]}" $health && echo "healthy"
    engine=$(cat "$root/proc/$server/task/"*/children)
    echo "engine: $(tr "\\0" " " <"$root/proc/${engine% }/cmdline"), as $(stat -c %u:%g "$root/proc/${engine% }"); below /tmp: $(cd "$root/tmp" && ls -A | tr "\\n" " ")"
    ask -d "{\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}],\"temperature\":0,\"max_tokens\":16}" && echo
    ls -l "$root/data"

    # A drain: what runs may finish, what comes is refused.
    ask -N -d "{\"messages\":[{\"role\":\"user\",\"content\":\"Count.\"}],\"max_tokens\":200,\"ignore_eos\":true,\"stream\":true}" >"$root/tmp/stream" & stream=$!
    until [ -s "$root/tmp/stream" ]; do kill -0 $stream; sleep 0.1; done
    kill -TERM $server
    while "${in_it[@]}" $health; do sleep 0.1; done
    echo "a request after SIGTERM: $(ask -o "$root/tmp/refused" -w "%{http_code}" -d "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}")"
    wait $stream
    echo "the stream under way ended with: $(grep . "$root/tmp/stream" | tail -1)"
    code=0; wait $server || code=$?
    echo "ended with $code after SIGTERM"
    [ $code = 0 ] && [ ! -e "$root/proc/${engine% }" ]
'
say "done"
