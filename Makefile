# make demo: the product with a demo company.  make test: every test, on real servers.

.PHONY: setup demo test chaos check audit bench backup restore pictures messages lock down clean

setup demo test chaos check audit bench backup restore pictures messages lock down clean:
	@sh tools/bootstrap.sh $@ $(FILE) $(ARGS)
