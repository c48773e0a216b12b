mock "tfconfig/v2" {
  module {
    source = "../../parts/configuration.sentinel"
  }
}

test {
  rules = {
    main          = true
    local_exec    = ["aws_instance.web"]
    unpinned      = ["module.db:net"]
    constants     = ["east"]
    references    = ["data.aws_ami.base.id", "data.aws_ami.base"]
    no_default    = ["module.db:size"]
    stripped      = "module.a.aws_instance.web"
    nested        = "module.db:aws"
    null_constant = true
    counted       = 3
  }
}
