"""The ledger 账本: transfers, wallets and lots; `service.post` is the only writer."""
