mock "tfrun" {
  module {
    source = "../../parts/run.sentinel"
  }
}

mock "time" {
  data = {
    hour = 8
  }
}

mock "a/path" {
  data = {
    "list" = [1, null]
  }
}

import "module" "reader" {
  source = "../../parts/reader.sentinel"
}

test {
  rules = {
    main = true
    out  = ["web", "no estimate", 8, "web", null, "none"]
  }
}
