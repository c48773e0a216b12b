param "token" {
  value = "bad"
}
mock "tfplan/v2" {
  module {
    source = "../../mocks/limit-plan.sentinel"
  }
}
mock "http" {
  module { source = "../../mocks/limit-http.sentinel" }
}
mock "time" {
  data = {
    now = { weekday_name = "Monday" }
  }
}
mock "tfrun" {
  data = {
    cost_estimate = { delta_monthly_cost = "1000.1" }
  }
}
import "module" "attribute-functions" {
  source = "../../modules/attribute-functions.sentinel"
}
test {
  rules = {
    main = false
    is_weekday = true
  }
}
