"""Green units 绿色单元: companies, public bodies, communities and families, who belongs to them and since when."""
