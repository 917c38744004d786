# In a slot's FIT: starts the kernel beside it. Read by boot.cmd, which has set slot, partition and part_addr.
setenv bootargs "gatehouse.slot=${slot} rauc.slot=${slot} gatehouse.partition=${partition} gatehouse.verity=@VERITY@ ro panic=2 systemd.getty_auto=no loglevel=5 i6300esb.heartbeat=120 bcm2835_wdt.heartbeat=120"
if test -n "${fdtfile}"; then
  setenv bootargs "${bootargs} console=tty0 console=ttyS1,115200"
@BOARDS@
  bootm ${part_addr}#firmware ${part_addr}#firmware ${fdt_addr}
else
  setenv bootargs "${bootargs} console=ttyAMA0"
  bootm ${part_addr}#firmware ${part_addr}#firmware ${fdt_addr}
fi
