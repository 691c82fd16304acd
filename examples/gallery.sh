#!/bin/sh
# A gallery from nothing, as `make demo` shows it: 200 drawn people are enrolled, known and unknown ones are identified, an
# album is sorted into clusters, and both are looked at on a page. Each command is printed before it runs.
set -eu
run=${RUN:?the folder of a finished run of +experiment=triplet_hard} demo=${DEMO:-demo}
likeness() {
    printf '\n$ likeness %s\n' "$*"
    command likeness "$@"
}

rm -rf "$demo"
likeness draw -o "$demo/drawn" --identities 240 --images 5      # no run was trained on them
mkdir -p "$demo/people" "$demo/strangers" "$demo/probes" "$demo/album"
for person in "$demo"/drawn/person-*; do
    name=${person##*-}
    if [ "$name" -le 200 ]; then
        mkdir "$demo/people/person-$name"
        mv "$person"/[123].png "$demo/people/person-$name"      # enrolled
        [ "$name" -gt 5 ] || mv "$person/4.png" "$demo/probes/person-$name.png"
    elif [ "$name" -le 205 ]; then
        mv "$person/1.png" "$demo/probes/stranger-$name.png"
    elif [ "$name" -le 230 ]; then
        for image in "$person"/*.png; do
            mv "$image" "$demo/album/$name-${image##*/}"        # of 25 people, told apart by nobody
        done
    fi
done

likeness gallery create "$demo/people.gallery" --run "$run"
likeness enrol "$demo/people.gallery" "$demo/people" | tail -n 3
likeness gallery calibrate "$demo/people.gallery"
likeness identify "$demo/people.gallery" "$demo/probes" --top 1
likeness verify "$demo/probes/person-001.png" --claim person-001 --gallery "$demo/people.gallery"
likeness cluster "$demo/album" --run "$run" -o "$demo/album.gallery" --sheet "$demo/album.png" | tail -n 4
likeness serve "$demo/people.gallery" "$demo/album.gallery" ${BROWSER_OPTION:---browser}
