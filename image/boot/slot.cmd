# At the start of a slot, for U-Boot; read by boot.cmd, which has set slot, partition, part_addr and begin. Reads what lies
# behind it and starts the kernel. Comes back where something is damaged: bootm checks the sums of all it is given.
setenv bootargs "gatehouse.slot=${slot} rauc.slot=${slot} gatehouse.partition=${partition} gatehouse.verity=@VERITY@ ro panic=2 systemd.getty_auto=no loglevel=5 i6300esb.heartbeat=120 bcm2835_wdt.heartbeat=120"
setenv tree ${fdt_addr}
if test -n "${fdtfile}"; then
  setenv bootargs "${bootargs} console=tty0 console=ttyS1,115200"
@BOARDS@
else
  setenv bootargs "${bootargs} console=ttyAMA0"
fi
setexpr initramfs ${part_addr} + @INITRAMFS@
setexpr kernel ${part_addr} + @KERNEL@
if ${devtype} read ${part_addr} ${begin} @SECTORS@; then bootm ${kernel} ${initramfs} ${tree}; fi
