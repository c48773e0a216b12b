mock "tfrun" {
  data = {
    is_destroy    = false
    cost_estimate = { proposed_monthly_cost = "5000" }
    workspace     = { name = "web-prod", auto_apply = true, tags = ["exempt"] }
  }
}

test {
  rules = {
    main   = true
    exempt = true
  }
}
