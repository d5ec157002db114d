"""The words in which a use of public data is applied for: fields, purposes, classes, modes."""

from catalogue.grades import Term


# fmt: off
class ApplicationField(Term):
    """The twelve fields in which data elements are to be used (数据要素×)."""

    INDUSTRIAL_MANUFACTURING = "industrial_manufacturing", "工业制造", "manufacturing"
    MODERN_AGRICULTURE = "modern_agriculture", "现代农业", "agriculture"
    COMMERCE_CIRCULATION = "commerce_circulation", "商贸流通", "commerce"
    TRANSPORT = "transport", "交通运输", "transport"
    FINANCIAL_SERVICES = "financial_services", "金融服务", "financial services"
    SCI_TECH_INNOVATION = "sci_tech_innovation", "科技创新", "science and technology"
    CULTURAL_TOURISM = "cultural_tourism", "文化旅游", "culture and tourism"
    MEDICAL_HEALTH = "medical_health", "医疗健康", "health"
    EMERGENCY_MANAGEMENT = "emergency_management", "应急管理", "emergency management"
    METEOROLOGICAL_SERVICES = "meteorological_services", "气象服务", "weather services"
    URBAN_GOVERNANCE = "urban_governance", "城市治理", "urban governance"
    GREEN_LOW_CARBON = "green_low_carbon", "绿色低碳", "green and low-carbon"


class Purpose(Term):
    """What public data may be used for (用途); one scenario has one."""

    CREDIT_RISK_CONTROL = "credit_risk_control", "信贷风控", "credit risk control"
    INSURANCE_UNDERWRITING = "insurance_underwriting", "保险承保", "insurance underwriting"
    INSURANCE_CLAIMS = "insurance_claims", "保险理赔", "insurance claims"
    LOAN_MONITORING = "loan_monitoring", "贷后监测", "loan monitoring"
    SITE_SELECTION = "site_selection", "智能选址", "site selection"
    STATIC_TRAFFIC_PARKING = "static_traffic_parking", "静态交通停车", "parking"
    TRAFFIC_DISPATCH = "traffic_dispatch", "交通调度", "traffic dispatch"
    MEDICAL_RESEARCH = "medical_research", "医学研究", "medical research"
    CHRONIC_CARE = "chronic_care", "慢病管理", "chronic care"
    DRUG_SUPERVISION = "drug_supervision", "药品监管", "drug supervision"
    WEATHER_SERVICE_AGRICULTURE = "weather_service_agriculture", "农业气象服务", "farm weather"
    WEATHER_SERVICE_ENERGY = "weather_service_energy", "能源气象服务", "energy weather"
    WEATHER_INSURANCE = "weather_insurance", "气象保险", "weather insurance"
    LOGISTICS = "logistics", "物流", "logistics"
    URBAN_GOVERNANCE = "urban_governance", "城市治理", "urban governance"
    EMERGENCY = "emergency", "应急", "emergency"
    ENVIRONMENT = "environment", "生态环境", "environment"
    MARKET_SUPERVISION_COMPLIANCE = (
        "market_supervision_compliance", "市场监管合规", "market supervision and compliance")
    ENTERPRISE_PROFILE = "enterprise_profile", "企业画像", "enterprise profiles"
    TALENT_EMPLOYMENT = "talent_employment", "人才就业", "talent and employment"
    EDUCATION = "education", "教育", "education"
    CULTURE_TOURISM = "culture_tourism", "文化旅游", "culture and tourism"
    PUBLIC_SERVICE_LOOKUP = "public_service_lookup", "公共服务查询", "public-service lookup"
    AI_TRAINING = "ai_training", "人工智能训练", "AI training"
    STATISTICS_RESEARCH = "statistics_research", "统计研究", "statistics and research"
    OTHER = "other", "其他", "other"


class PurposeClass(Term):
    """Whom the use serves; what serves the public is free of charge."""

    PUBLIC_GOVERNANCE = "public_governance", "公共治理", "public governance"
    PUBLIC_WELFARE = "public_welfare", "公益事业", "public welfare"
    INDUSTRY_DEVELOPMENT = "industry_development", "产业发展", "industry development"


class UseMode(Term):
    """Whether the applicant uses the data itself or supplies others (使用方式)."""

    SELF_USE = "self_use", "自用", "own use"
    PRODUCT_SUPPLY = "product_supply", "产品供给", "supply of products"
    PUBLIC_SERVICE = "public_service", "公共服务", "public service"
# fmt: on
