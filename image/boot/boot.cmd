# U-Boot's one script, on the boot partition, for the Raspberry Pi and for QEMU: chooses the slot and runs its start script.
#
# The boot state is an environment of four names, with a checksum, in two copies in the sectors before the first
# partition. They are written in turn, so that a power cut during a write leaves the other one whole. With neither
# readable slot A comes first. rootfs/usr/lib/gatehouse/boot-state is the same for Linux.
${devtype} dev ${devnum}
setenv state "BOOT_SEQ BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT"
setenv state_size 1000
if test -n "${board_rev}" || test -n "${fdtfile}"; then setenv load_addr 0x0a000000; else setenv load_addr 0x50000000; fi
setenv state_addr ${load_addr}
setexpr part_addr ${load_addr} + 0x2000

setenv seq_1 0
setenv seq_2 0
for copy in 1 2; do
  setexpr sector ${copy} * 800
  if ${devtype} read ${state_addr} ${sector} 8; then
    if env import -c ${state_addr} ${state_size} ${state}; then setenv seq_${copy} ${BOOT_SEQ}; fi
  fi
done
setenv newer 2; setenv older 1
if itest ${seq_1} > ${seq_2}; then setenv newer 1; setenv older 2; fi
setexpr sector ${newer} * 800
setenv BOOT_SEQ 0; setenv BOOT_ORDER "A B"; setenv BOOT_A_LEFT 3; setenv BOOT_B_LEFT 3
if ${devtype} read ${state_addr} ${sector} 8; then
  if env import -c ${state_addr} ${state_size} ${state}; then true; fi
fi
echo "gatehouse: boot state ${BOOT_SEQ}: order ${BOOT_ORDER}, A ${BOOT_A_LEFT} B ${BOOT_B_LEFT} starts left"

setenv keep_state 'setexpr BOOT_SEQ ${BOOT_SEQ} + 1; setexpr sector ${older} * 800; env export -c -s ${state_size} ${state_addr} ${state}; ${devtype} write ${state_addr} ${sector} 8; setenv swap ${older}; setenv older ${newer}; setenv newer ${swap}'
setenv start_slot 'part start ${devtype} ${devnum} ${number} begin && part uuid ${devtype} ${devnum}:${number} partition && ${devtype} read ${part_addr} ${begin} 10 && source ${part_addr}'

for slot in ${BOOT_ORDER}; do
  if test ${slot} = A; then setenv number 2; setenv left ${BOOT_A_LEFT}; else setenv number 3; setenv left ${BOOT_B_LEFT}; fi
  if itest ${left} > 0; then
    setexpr BOOT_${slot}_LEFT ${left} - 1
    run keep_state
    echo "gatehouse: starting slot ${slot}"
    run start_slot
    echo "gatehouse: slot ${slot} is damaged"
  fi
done

echo "gatehouse: no slot starts; trying all again"
setenv BOOT_A_LEFT 3
setenv BOOT_B_LEFT 3
run keep_state
sleep 10
reset
