#!/bin/sh
# Usage: unshare --mount --uts enter.sh ROOT PREFIX HOSTNAME ro|rw SCRATCH WORKDIR COMMAND...
#
# Makes ROOT this process's root directory and replaces itself by COMMAND. What an image inherits from its
# base image and its engine is this machine's, read-only: the system, and under /usr/local the Python that
# is installed in PREFIX. Of everything else only ROOT can be seen, and only /tmp is always writable:
# the directory SCRATCH, or an empty one.
set -eu

root=$1 prefix=$2 hostname=$3 access=$4 scratch=$5 workdir=$6
shift 6

lend() {
    mkdir -p ".$1"
    mount --rbind "$1" ".$1"
    mount -o remount,bind,ro ".$1"
}

mount --rbind "$root" "$root"
cd "$root"
lend /usr
lend /etc
for directory in bin sbin lib lib32 lib64; do
    if [ -L "/$directory" ]; then
        ln -sfn "$(readlink "/$directory")" "$directory"
    elif [ -d "/$directory" ]; then
        lend "/$directory"
    fi
done

# A mount, so that a Python below a closed home directory can be read by every user.
case $prefix in
    /usr | /usr/*) ;;
    *) lend "$prefix" ;;
esac
mount -t tmpfs tmpfs usr/local
mkdir usr/local/bin
ln -s "$prefix/bin/python3" usr/local/bin/python
ln -s "$prefix/lib" usr/local/lib

# Where /etc/resolv.conf is a link, name servers are found at its end.
resolver=$(dirname "$(readlink -f /etc/resolv.conf)")
case $resolver in
    /etc | /etc/*) ;;
    *) lend "$resolver" ;;
esac

mkdir -p dev proc tmp
mount --rbind /dev dev
mount --rbind /proc proc
mount -t tmpfs -o mode=1777 tmpfs dev/shm
if [ -n "$scratch" ]; then
    mount --bind "$scratch" tmp
else
    mount -t tmpfs -o mode=1777 tmpfs tmp
fi
hostname "$hostname"

pivot_root . .
umount -l .
if [ "$access" = ro ]; then
    mount -o remount,bind,ro /
fi
cd "$workdir"
exec "$@"
